"""The numbers of the error model "phones-2". Made by `python -m calibration.fit`: do not edit.

Fitted on: unimodal_trip_car_bike_mtv_la,
sfba_hf_calibration_stationary_only, sfba_med_freq_calibration_stationary_only;
judged on: train_bus_ebike_mtv_ucb, car_scooter_brex_san_jose.
Place: 16462 fixes of the phones android-2 and ios-2 (876 of them at rest),
counting as 412 (a phone's minute on a trip, its hour at rest, count once).
Held-out log density in nats, by smoothing: 0.03 -6.836, 0.3 -6.840, 3 -6.849;
by widening, for a kind of trip and phone not seen:
    1 -7.381, 1.1 -7.391, 1.2 -7.416, 1.3 -7.451, 1.4 -7.494, 1.7 -7.652, 2 -7.829.
Outlying blocks by declared radius: (0, 50] 0 of 107, (50, 200] 0 of 261, (200, inf] 0 of 29.
Ageing: 16992 moments of the trips. Log density in nats, by the time in which a wide place
hides a motion: 1 -12.431, 2 -12.349, 4 -12.317, 16 -12.321, 64 -12.323;
held out, by widening, for a kind of trip not seen:
    1 -12.893, 1.1 -12.838, 1.2 -12.823, 1.3 -12.834, 1.4 -12.863, 1.7 -13.005, 2 -13.179.
Path: 15234 moments between two known places.
"""

import numpy as np

RADIUS_M = np.array([3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0])
CORE_M = np.array([3.11, 3.35, 3.61, 5.33, 19.3, 22.8, 40.6, 113.0, 351.0, 570.0])
WIDE_M = np.array([6.74, 6.74, 7.43, 17.6, 26.8, 36.4, 107.0, 398.0, 693.0, 1150.0])
WIDE_SHARE = np.array([0.225, 0.232, 0.335, 0.321, 0.137, 0.148, 0.179, 0.26, 0.183, 0.177])
OUTLIER_M = np.array([1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 2500.0, 5000.0, 10000.0])
OUTLIER_SHARE = np.array([0.00463, 0.00463, 0.00463, 0.00463, 0.00463, 0.00463, 0.00463, 0.0167, 0.0167, 0.0167])

AGE_S = np.array([0.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0])
SPEED_MPS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
NEAR_M = np.array(
    [
        [0.0, 0.14, 0.312, 0.483, 0.72, 1.05, 1.69, 2.4, 3.4],
        [0.0, 0.225, 0.502, 0.776, 1.16, 1.68, 2.71, 3.85, 5.47],
        [0.0, 0.395, 0.88, 1.36, 2.03, 2.95, 4.75, 6.76, 9.59],
        [0.0, 0.734, 1.64, 2.54, 3.78, 5.49, 8.84, 12.6, 17.8],
        [0.0, 1.41, 3.15, 4.88, 7.27, 10.6, 17.0, 24.2, 34.4],
        [0.0, 2.77, 6.18, 9.57, 14.3, 20.7, 33.4, 47.5, 67.4],
    ]
)
GONE_M = np.array(
    [
        [0.0, 15.6, 46.0, 90.0, 172.0, 320.0, 672.0, 1100.0, 1710.0],
        [0.0, 17.3, 51.2, 100.0, 192.0, 356.0, 747.0, 1220.0, 1900.0],
        [0.0, 20.8, 61.5, 120.0, 230.0, 427.0, 897.0, 1470.0, 2280.0],
        [0.0, 27.8, 82.1, 160.0, 308.0, 571.0, 1200.0, 1960.0, 3050.0],
        [0.0, 41.7, 123.0, 241.0, 462.0, 857.0, 1800.0, 2950.0, 4570.0],
        [0.0, 69.6, 206.0, 402.0, 771.0, 1430.0, 3000.0, 4920.0, 7630.0],
    ]
)
GONE_SHARE = np.array(
    [
        [0.0, 0.0751, 0.175, 0.28, 0.416, 0.567, 0.745, 0.842, 0.907],
        [0.0, 0.722, 0.872, 0.926, 0.958, 0.977, 0.989, 0.994, 0.997],
        [0.0, 0.988, 0.995, 0.997, 0.999, 0.999, 1.0, 1.0, 1.0],
        [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    ]
)

HIDDEN_S = 4.0
HIDDEN_MPS_MAX = 32.0
PATH_LENGTH_SHARE = 0.11
PATH_MPS = 0.27
